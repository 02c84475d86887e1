import type { Transitions } from "../documents/transitions.ts";

export const QUOTE_STATUSES = ["draft", "sent", "approved", "converted", "cancelled"] as const;
export type QuoteStatus = (typeof QUOTE_STATUSES)[number];

export const quoteTransitions: Transitions<QuoteStatus> = {
  draft: ["sent", "cancelled"],
  sent: ["approved", "cancelled"],
  approved: ["converted", "cancelled"],
  converted: [],
  cancelled: [],
};
