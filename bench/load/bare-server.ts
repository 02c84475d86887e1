// The floor: what Bun's own server does with the same answer and nothing around it.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  routes: { "/health": { GET: new Response('{"status":"ok"}', { headers: { "content-type": "application/json" } }) } },
  fetch: () => new Response("not found", { status: 404 }),
});
console.log(`listening on ${server.url}`);
