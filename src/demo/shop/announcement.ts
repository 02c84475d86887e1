import type { Credentials, DemoPeople } from "./credentials.ts";
import { DEMO_SLUG } from "./write.ts";

/** How to use the demo shop at `url`: plain text, its commands ready to be pasted into any POSIX shell. */
export function announcement(url: string, { admin, seller }: DemoPeople, file: string): string {
  const shop = `-H 'X-Tenant-Slug: ${DEMO_SLUG}'`;
  const token = `-H "Authorization: Bearer $TOKEN"`;
  const login = JSON.stringify({ email: admin.email, password: admin.password });
  return `
BaseCommerce is ready:    ${url}
API to read and to try:   ${url}/docs

The demo shop "${DEMO_SLUG}" has three months of history. Its people (kept in ${file}):
${line(admin)}
${line(seller)}

Paste these lines into another terminal:

TOKEN=$(curl -s ${url}/auth/login ${shop} -H 'Content-Type: application/json' -d '${login}' | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
curl -s '${url}/api/v1/products?limit=5' ${shop} ${token}
curl -s '${url}/api/v1/engines/stock/alerts' ${shop} ${token}
`;
}

function line({ role, name, email, password }: Credentials): string {
  return `  ${role.padEnd(6)}  ${name.padEnd(10)}  ${email.padEnd(19)}  password ${password}`;
}
