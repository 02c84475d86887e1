/** Version of the package `@basecommerce/engine`: a new major means that engines have to be changed. */
export const SDK_VERSION = "1.0.0";

/** What a definition's `sdk` names and a host compares. */
export const SDK_MAJOR = Number.parseInt(SDK_VERSION, 10);
