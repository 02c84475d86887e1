import { operatorSettings, Type } from "@basecommerce/engine";

/** The operator's word, not a shop's. */
export const settings = operatorSettings({
  /** WEBHOOKS_ALLOW_PRIVATE_TARGETS */
  allow_private_targets: Type.Boolean({
    default: false,
    description: "webhooks may go to addresses that are not public",
  }),
});
