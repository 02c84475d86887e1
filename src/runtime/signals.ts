/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export async function stopRequested(): Promise<NodeJS.Signals> {
  return await new Promise((resolve) => {
    let asked = false;
    const hear = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on("SIGTERM", hear);
    process.on("SIGINT", hear);
  });
}
