// A receiver on Node's own HTTP server, with its defaults.
const fs = require('node:fs');
const http = require('node:http');

const handler = Number(process.env.HANDLER ?? 0) * 1000;

const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    fs.appendFileSync(process.env.ARRIVALS, `${request.headers['x-rkt-delivery']}\n`);
    setTimeout(() => response.end('ok'), handler);
  });
});
if (process.env.KEEP_ALIVE_MS) server.keepAliveTimeout = Number(process.env.KEEP_ALIVE_MS);
server.listen(Number(process.argv[2]), '127.0.0.1');
