import { SDK_VERSION } from "../../sdk/version.ts";

/** The archive of `npm run sdk` in base64, put here by the build of the binary; not there when run from the sources. */
declare const SDK_ARCHIVE: string | undefined;

/** What authors of engines install, as this program carries it. */
export const sdkPackage =
  typeof SDK_ARCHIVE === "string"
    ? { file: `basecommerce-engine-${SDK_VERSION}.tgz`, bytes: Buffer.from(SDK_ARCHIVE, "base64") }
    : undefined;
