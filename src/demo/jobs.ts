import { indexOf } from "./catalogue.ts";

/** One material of a job: how often it is bought with the others, and how much of it. */
export interface Need {
  /** Place in the catalogue. */
  material: number;
  /** 0 to 1. */
  share: number;
  from: number;
  to: number;
  /** Quantities are multiples of it: a shop sells half a cubic metre of sand, but no half sack. */
  step: number;
}

/** Why somebody comes to the shop: what is bought together. */
export interface Job {
  name: string;
  /** How common it is among all jobs. */
  weight: number;
  /** Factor for January to December: it rains in summer, and houses are painted before Christmas. */
  season: readonly number[];
  needs: readonly Need[];
}

const EVEN = [0.9, 0.9, 1, 1, 1, 1, 1.05, 1.1, 1.1, 1.05, 1, 0.8];
const DRY = [0.7, 0.7, 0.85, 1, 1.15, 1.2, 1.25, 1.3, 1.2, 1, 0.85, 0.6];
const BEFORE_RAIN = [1.2, 1.1, 0.9, 0.7, 0.6, 0.6, 0.8, 1.1, 1.5, 1.6, 1.4, 1];
const YEAR_END = [0.7, 0.6, 0.7, 0.8, 0.8, 0.9, 0.9, 1, 1.1, 1.3, 1.6, 1.6];

type Line = readonly [code: string, share: number, from: number, to: number, step?: number];

function job(name: string, weight: number, season: readonly number[], lines: readonly Line[]): Job {
  const needs = lines.map(([code, share, from, to, step = 1]) => ({ material: indexOf(code), share, from, to, step }));
  return { name, weight, season, needs };
}

export const JOBS: readonly Job[] = [
  job("concreto", 20, DRY, [
    ["CIM-CP2", 1, 6, 40],
    ["ARE-MED", 0.86, 1, 6, 0.5],
    ["BRI-1", 0.82, 1, 6, 0.5],
    ["VER-10", 0.5, 4, 24],
    ["VER-8", 0.42, 4, 20],
    ["ARA-18", 0.45, 1, 4],
    ["PRE-1827", 0.3, 1, 3],
    ["TAB-30", 0.3, 2, 12],
  ]),
  job("alvenaria", 18, DRY, [
    ["TIJ-8F", 0.75, 200, 1500, 100],
    ["CIM-CP2", 0.85, 4, 20],
    ["ARE-MED", 0.72, 1, 4, 0.5],
    ["CAL-CH3", 0.6, 3, 15],
    ["BLO-9", 0.2, 100, 400, 50],
  ]),
  job("bloco estrutural", 6, DRY, [
    ["BLO-14", 1, 100, 600, 50],
    ["CIM-CP5", 0.6, 4, 20],
    ["ARE-FIN", 0.5, 1, 3, 0.5],
    ["VER-8", 0.5, 4, 16],
    ["MAL-Q92", 0.3, 1, 6],
  ]),
  job("laje", 5, DRY, [
    ["LAJ-H8", 1, 20, 80, 5],
    ["TRE-H8", 0.6, 6, 20],
    ["MAL-Q92", 0.7, 3, 12],
    ["CIM-CP2", 0.7, 15, 50],
    ["BRI-1", 0.6, 2, 6, 0.5],
    ["VED-18", 0.35, 1, 2],
  ]),
  job("reboco", 9, EVEN, [
    ["ARG-REB", 0.7, 5, 40],
    ["CAL-CH3", 0.55, 4, 16],
    ["ARE-FIN", 0.75, 1, 3, 0.5],
    ["CIM-CP2", 0.6, 3, 12],
    ["TIJ-6F", 0.12, 100, 400, 50],
    ["GES-40", 0.35, 3, 15],
  ]),
  job("piso", 12, EVEN, [
    ["PIS-45", 0.62, 10, 60, 0.5],
    ["ARG-AC1", 0.7, 4, 20],
    ["REJ-FLEX", 0.8, 2, 10],
    ["ROD-PVC", 0.4, 4, 20],
    ["ESP-2", 0.35, 1, 4],
  ]),
  job("porcelanato", 6, YEAR_END, [
    ["POR-60", 1, 12, 70, 0.5],
    ["ARG-AC3", 0.9, 4, 24],
    ["REJ-EPO", 0.4, 2, 8],
    ["REJ-FLEX", 0.45, 2, 8],
    ["ESP-2", 0.6, 1, 4],
  ]),
  job("banheiro", 8, EVEN, [
    ["REV-3060", 0.8, 8, 30, 0.5],
    ["ARG-AC1", 0.6, 3, 10],
    ["REJ-FLEX", 0.6, 1, 5],
    ["TUB-25", 0.6, 2, 8],
    ["JOE-25", 0.65, 5, 20],
    ["TUB-100", 0.5, 1, 4],
    ["JOE-100", 0.45, 2, 6],
    ["COL-PVC", 0.6, 1, 2],
  ]),
  job("água e esgoto", 10, EVEN, [
    ["TUB-25", 0.85, 2, 12],
    ["JOE-25", 0.8, 5, 30],
    ["TE-25", 0.7, 3, 15],
    ["COL-PVC", 0.75, 1, 3],
    ["TUB-100", 0.45, 1, 6],
    ["CXA-1000", 0.35, 1, 2],
    ["TOR-JAR", 0.35, 1, 4],
  ]),
  job("elétrica", 11, EVEN, [
    ["FIO-25", 0.9, 50, 300, 50],
    ["ELE-25", 0.75, 25, 150, 25],
    ["CXL-42", 0.7, 5, 30],
    ["TOM-10", 0.6, 4, 20],
    ["DIS-20", 0.5, 1, 6],
    ["FIO-40", 0.4, 25, 100, 25],
    ["LED-12", 0.4, 3, 15],
  ]),
  job("telhado", 6, BEFORE_RAIN, [
    ["TEL-FIB6", 0.7, 8, 40],
    ["CUM-FIB", 0.55, 3, 12],
    ["PAR-TEL", 0.75, 40, 200, 10],
    ["CAI-5X6", 0.6, 12, 60, 3],
    ["RIP-5", 0.4, 30, 120, 10],
    ["TEL-ROM", 0.25, 300, 1200, 100],
    ["COM-12", 0.35, 2, 10],
  ]),
  job("pintura", 13, YEAR_END, [
    ["TIN-ACR18", 0.85, 1, 5],
    ["ROL-23", 0.65, 1, 4],
    ["LIX-120", 0.7, 5, 30, 5],
    ["MAS-COR", 0.6, 1, 6],
    ["SEL-18", 0.5, 1, 4],
    ["TIN-ESM", 0.35, 1, 4],
    ["THI-5", 0.4, 1, 4],
    ["SOL-AGU", 0.3, 1, 8, 0.5],
  ]),
  job("impermeabilização", 4, BEFORE_RAIN, [
    ["IMP-18", 0.85, 1, 6],
    ["MAN-3", 0.55, 2, 10],
    ["VED-18", 0.5, 1, 4],
    ["ROL-23", 0.4, 1, 2],
  ]),
  job("base e drenagem", 3, DRY, [
    ["PED-RAC", 1, 1, 8, 0.5],
    ["BRI-1", 0.6, 1, 6, 0.5],
    ["TUB-100", 0.3, 1, 6],
  ]),
];
