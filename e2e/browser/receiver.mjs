// Receivers whose answers a case decides.

import http from 'node:http';

const all = [];

/**
 * Starts one at 127.0.0.1. `answer(request, count)` says what it answers: a status, or `{status, headers, body, after}`; it can be
 * replaced at any time.
 */
export async function receiver(answer = () => 204) {
  const one = { answer, requests: [] };
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const bytes = Buffer.concat(parts);
      const got = { method: request.method, path: request.url, headers: request.headers, bytes, body: bytes.toString('utf8') };
      one.requests.push(got);
      const said = one.answer(got, one.requests.length);
      const { status, headers = {}, body = '', after = 0 } = typeof said === 'number' ? { status: said } : said;
      setTimeout(() => {
        response.writeHead(status, headers);
        response.end(body);
      }, after);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  one.url = (path = '/hook') => `http://127.0.0.1:${server.address().port}${path}`;
  one.close = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  all.push(one);
  return one;
}

receiver.closeAll = () => Promise.all(all.map((one) => one.close()));
