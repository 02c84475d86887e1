import type { UNITS } from "../contracts/construction.ts";

/** What a building-materials shop in Brazil sells. */
export interface Material {
  code: string;
  name: string;
  category: string;
  unit: (typeof UNITS)[number];
  /** Cents of a real: what such a shop asked around 2026. */
  cents: number;
}

type Line = readonly [code: string, name: string, unit: Material["unit"], cents: number];

function shelf(category: string, lines: readonly Line[]): Material[] {
  return lines.map(([code, name, unit, cents]) => ({ code, name, category, unit, cents }));
}

export const CATALOGUE: readonly Material[] = [
  ...shelf("Cimento e cal", [
    ["CIM-CP2", "Cimento CP II-E-32 50 kg", "SC", 39_90],
    ["CIM-CP5", "Cimento CP V-ARI 40 kg", "SC", 42_50],
    ["CAL-CH3", "Cal hidratada CH-III 20 kg", "SC", 16_90],
    ["GES-40", "Gesso em pó 40 kg", "SC", 34_90],
  ]),
  ...shelf("Areia e pedra", [
    ["ARE-MED", "Areia média lavada", "M3", 139_00],
    ["ARE-FIN", "Areia fina", "M3", 145_00],
    ["BRI-1", "Brita nº 1", "M3", 149_00],
    ["PED-RAC", "Pedra rachão", "M3", 132_00],
  ]),
  ...shelf("Tijolos e blocos", [
    ["TIJ-8F", "Tijolo cerâmico 8 furos 9×19×19 cm", "UN", 1_05],
    ["TIJ-6F", "Tijolo cerâmico 6 furos 9×14×19 cm", "UN", 95],
    ["BLO-14", "Bloco de concreto estrutural 14×19×39 cm", "UN", 4_60],
    ["BLO-9", "Bloco de concreto vedação 9×19×39 cm", "UN", 3_40],
    ["LAJ-H8", "Laje treliçada H8", "M2", 62_00],
  ]),
  ...shelf("Ferro e aço", [
    ["VER-8", "Vergalhão CA-50 8 mm, barra 12 m", "UN", 36_90],
    ["VER-10", "Vergalhão CA-50 10 mm, barra 12 m", "UN", 54_90],
    ["TRE-H8", "Treliça H8, barra 6 m", "UN", 44_50],
    ["MAL-Q92", "Malha pop Q92 2×3 m", "UN", 119_00],
    ["ARA-18", "Arame recozido nº 18", "KG", 17_90],
    ["PRE-1827", "Prego 18×27", "KG", 19_90],
  ]),
  ...shelf("Argamassas e rejuntes", [
    ["ARG-AC1", "Argamassa colante AC-I 20 kg", "SC", 12_90],
    ["ARG-AC3", "Argamassa colante AC-III 20 kg", "SC", 36_90],
    ["ARG-REB", "Argamassa para reboco 20 kg", "SC", 14_50],
    ["REJ-FLEX", "Rejunte flexível cinza 1 kg", "UN", 9_90],
    ["REJ-EPO", "Rejunte epóxi 1 kg", "UN", 64_90],
  ]),
  ...shelf("Pisos e revestimentos", [
    ["PIS-45", "Piso cerâmico 45×45 cm PEI-4", "M2", 29_90],
    ["POR-60", "Porcelanato polido 60×60 cm", "M2", 69_90],
    ["REV-3060", "Revestimento branco 30×60 cm", "M2", 34_90],
    ["ROD-PVC", "Rodapé de poliestireno 7 cm, barra 2,4 m", "UN", 27_90],
    ["ESP-2", "Espaçador nivelador 2 mm, caixa com 100", "CX", 24_90],
  ]),
  ...shelf("Telhados e madeiras", [
    ["TEL-FIB6", "Telha de fibrocimento 6 mm 2,44×1,10 m", "UN", 89_90],
    ["TEL-ROM", "Telha cerâmica romana", "UN", 3_20],
    ["CUM-FIB", "Cumeeira de fibrocimento 1,10 m", "UN", 49_90],
    ["PAR-TEL", "Parafuso para telha com vedação 5/16×110 mm", "UN", 1_60],
    ["CAI-5X6", "Caibro de madeira 5×6 cm", "M", 14_90],
    ["RIP-5", "Ripa de madeira 5 cm", "M", 4_90],
    ["TAB-30", "Tábua de pinus 30 cm, 3 m", "UN", 38_90],
    ["COM-12", "Compensado resinado 12 mm 2,20×1,10 m", "UN", 98_00],
  ]),
  ...shelf("Hidráulica", [
    ["TUB-25", "Tubo soldável 25 mm, barra 6 m", "UN", 24_90],
    ["TUB-100", "Tubo esgoto 100 mm, barra 6 m", "UN", 79_90],
    ["JOE-25", "Joelho 90° soldável 25 mm", "UN", 1_20],
    ["JOE-100", "Joelho 90° esgoto 100 mm", "UN", 8_90],
    ["TE-25", "Tê soldável 25 mm", "UN", 1_90],
    ["COL-PVC", "Adesivo plástico para PVC 175 g", "UN", 21_90],
    ["CXA-1000", "Caixa d'água de polietileno 1000 L", "UN", 489_00],
    ["TOR-JAR", 'Torneira de jardim cromada 1/2"', "UN", 34_90],
  ]),
  ...shelf("Elétrica", [
    ["FIO-25", "Cabo flexível 2,5 mm² 750 V", "M", 2_60],
    ["FIO-40", "Cabo flexível 4 mm² 750 V", "M", 4_10],
    ["ELE-25", "Eletroduto corrugado 25 mm", "M", 2_30],
    ["CXL-42", "Caixa de luz 4×2 pol", "UN", 2_10],
    ["DIS-20", "Disjuntor monopolar 20 A", "UN", 13_90],
    ["TOM-10", "Tomada 10 A com placa", "UN", 12_90],
    ["LED-12", "Lâmpada LED 12 W", "UN", 9_50],
  ]),
  ...shelf("Pintura", [
    ["TIN-ACR18", "Tinta acrílica fosca branca 18 L", "UN", 289_00],
    ["TIN-ESM", "Esmalte sintético branco 3,6 L", "UN", 119_00],
    ["SEL-18", "Selador acrílico 18 L", "UN", 149_00],
    ["MAS-COR", "Massa corrida 25 kg", "UN", 74_90],
    ["ROL-23", "Rolo de lã 23 cm", "UN", 24_90],
    ["LIX-120", "Lixa para massa nº 120", "UN", 1_50],
    ["THI-5", "Thinner 5 L", "UN", 94_90],
    ["SOL-AGU", "Solvente aguarrás a granel", "L", 18_90],
  ]),
  ...shelf("Impermeabilização", [
    ["IMP-18", "Impermeabilizante acrílico branco 18 kg", "UN", 239_00],
    ["MAN-3", "Manta asfáltica 3 mm, rolo de 10 m²", "UN", 329_00],
    ["VED-18", "Aditivo impermeabilizante 18 L", "UN", 129_00],
  ]),
];

const INDEX = new Map(CATALOGUE.map((material, i) => [material.code, i]));

/** Place of a material in the catalogue, by its code. */
export function indexOf(code: string): number {
  const index = INDEX.get(code);
  if (index === undefined) throw new RangeError(`the catalogue has no ${code}`);
  return index;
}
