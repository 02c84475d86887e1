import { cnpj, cpf } from "cpf-cnpj-validator";
import type { Chance } from "./chance.ts";

export interface Place {
  city: string;
  state: string;
  /** First five digits of the postal code. */
  postal: string;
  districts: readonly string[];
}

const PLACES: readonly Place[] = [
  { city: "Campinas", state: "SP", postal: "13010", districts: ["Centro", "Cambuí", "Taquaral", "Barão Geraldo"] },
  { city: "Valinhos", state: "SP", postal: "13270", districts: ["Centro", "Vila Santana", "Jardim Pinheiros"] },
  { city: "Vinhedo", state: "SP", postal: "13280", districts: ["Centro", "Capela", "Aquário"] },
  {
    city: "Hortolândia",
    state: "SP",
    postal: "13183",
    districts: ["Jardim Rosolém", "Vila Real", "Remanso Campineiro"],
  },
  { city: "Sumaré", state: "SP", postal: "13170", districts: ["Centro", "Nova Veneza", "Matão"] },
  { city: "Indaiatuba", state: "SP", postal: "13330", districts: ["Centro", "Cidade Nova", "Itaici"] },
];

const STREETS = [
  "Rua das Acácias",
  "Rua Barão de Jaguara",
  "Avenida Brasil",
  "Rua Treze de Maio",
  "Rua José Paulino",
  "Avenida das Amoreiras",
  "Rua dos Ipês",
  "Rua Sete de Setembro",
  "Rua Santo Antônio",
  "Avenida Independência",
];
const FIRST = (
  "Ana Antônio Beatriz Bruno Camila Carlos Cláudia Daniel Débora Eduardo Fábio Fernanda Gabriel Helena Igor Isabela João " +
  "Juliana Larissa Leandro Lucas Luiz Marcelo Márcia Maria Mariana Mateus Patrícia Paulo Pedro Rafael Renata Ricardo " +
  "Roberto Rodrigo Sandra Sérgio Simone Tatiane Thiago Vanessa Vera Vinícius Viviane Wagner"
).split(" ");
const LAST = (
  "Almeida Alves Andrade Araújo Barbosa Barros Batista Borges Campos Cardoso Carvalho Castro Costa Dias Duarte Farias " +
  "Fernandes Ferreira Freitas Gomes Gonçalves Lima Lopes Machado Marques Martins Melo Mendes Monteiro Moraes Moreira " +
  "Moura Nascimento Nunes Oliveira Pereira Pinto Ramos Reis Ribeiro Rocha Rodrigues Santana Santos Silva Soares Souza " +
  "Teixeira Vieira"
).split(" ");
const TRADES = ["Construtora", "Engenharia", "Empreiteira", "Reformas", "Incorporadora"];
const FIRMS = ["Horizonte", "Alicerce", "Bela Vista", "Planalto", "Ipê", "Três Irmãos", "Viga Mestra", "Primavera"];

/** Somebody who buys, as the vertical's customers are. */
export interface Person {
  kind: "individual" | "company";
  name: string;
  /** Digits of a valid CPF or CNPJ. */
  document: string;
  email: string;
  phone: string;
  address: {
    street: string;
    number: string;
    district: string;
    city: string;
    state: string;
    postal_code: string;
  };
}

/** A customer whose document no other of the same `serial`s has. */
export function drawPerson(chance: Chance, serial: number): Person {
  const kind = chance.happens(0.22) ? "company" : "individual";
  const owner = `${chance.pick(FIRST)} ${chance.pick(LAST)}`;
  const name =
    kind === "individual"
      ? `${owner} ${chance.pick(LAST)}`
      : `${chance.pick(TRADES)} ${chance.happens(0.5) ? chance.pick(FIRMS) : chance.pick(LAST)} Ltda`;
  return {
    kind,
    name,
    document: kind === "individual" ? cpfOf(chance, serial) : cnpjOf(chance, serial),
    email: `${plain(owner).replace(" ", ".")}${serial}@example.com`,
    phone: `+55 19 9${chance.int(7000, 9999)}-${digits(chance.int(0, 9999), 4)}`,
    address: drawAddress(chance),
  };
}

export function drawAddress(chance: Chance): Person["address"] {
  const { city, state, postal, districts } = chance.pick(PLACES);
  return {
    street: chance.pick(STREETS),
    number: String(chance.int(1, 1999)),
    district: chance.pick(districts),
    city,
    state,
    postal_code: `${postal}-${digits(chance.int(0, 999), 3)}`,
  };
}

/** Valid CPF of its own for each `serial` below 10 million. */
function cpfOf(chance: Chance, serial: number): string {
  // The ninth digit is the fiscal region of São Paulo. The eighth is another: nine equal digits are nobody's.
  const body = `${scattered(serial)}${chance.int(0, 7)}8`;
  const ten = `${body}${cpf.verifierDigit(body)}`;
  return `${ten}${cpf.verifierDigit(ten)}`;
}

/** Valid CNPJ of a head office (`0001`), of its own for each `serial` below 10 million. */
export function cnpjOf(chance: Chance, serial: number): string {
  const body = `${chance.int(1, 9)}${scattered(serial)}0001`;
  const thirteen = `${body}${cnpj.verifierDigit(body)}`;
  return `${thirteen}${cnpj.verifierDigit(thirteen)}`;
}

/** Seven digits that do not look counted: multiplying by a number coprime to 10 maps no two serials to the same. */
function scattered(serial: number): string {
  return digits((serial * 7_654_321 + 1_234_567) % 10_000_000, 7);
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}

/** Lower case without accents, as in an e-mail address. */
function plain(name: string): string {
  return name
    .normalize("NFD")
    .replace(/[^A-Za-z ]/g, "")
    .toLowerCase();
}
