// What Lighthouse says of the first views that people see. How fast they are is only reported: other tests run beside this one.

import { createServer } from 'node:net';

import { chromium } from 'playwright-core';
import lighthouse from 'lighthouse';

import { assert, play, receiver } from '../stage.mjs';

/** The live stream never ends loading, so Lighthouse waits as long as it may (ms). */
const MOST_LOADING = 12_000;

const AT_LEAST = { accessibility: 0.95, 'best-practices': 0.95, seo: 0.95 };

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

await play(async (stage) => {
  const works = await receiver();
  const endpoint = await stage.endpoint(works.url());
  for (let count = 0; count < 5; count += 1) await stage.push('lead.captured', { count });
  const port = await freePort();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server', `--remote-debugging-port=${port}`],
  });
  try {
    for (const at of ['/', `/endpoints/${endpoint.id}`]) {
      const url = `${stage.url}${at}#token=${process.env.DASHBOARD_TOKEN}`;
      const run = await lighthouse(url, { port, logLevel: 'silent', output: 'json', onlyCategories: ['performance', ...Object.keys(AT_LEAST)], formFactor: 'desktop', screenEmulation: { disabled: true }, throttlingMethod: 'provided', maxWaitForLoad: MOST_LOADING });
      assert(!run.lhr.runtimeError, `${at}: ${run.lhr.runtimeError?.message}`);
      const scores = Object.fromEntries(Object.entries(run.lhr.categories).map(([name, { score }]) => [name, score]));
      console.log(at, JSON.stringify(scores));
      for (const [name, least] of Object.entries(AT_LEAST)) {
        const missed = run.lhr.categories[name].auditRefs.map(({ id }) => run.lhr.audits[id]).filter((audit) => audit.score !== null && audit.score < 1);
        assert(scores[name] >= least, `${at}: ${name} is ${scores[name]}: ${missed.map((audit) => `${audit.title} ${JSON.stringify(audit.details?.items ?? []).slice(0, 400)}`).join('; ')}`);
      }
    }
  } finally {
    await browser.close();
  }
});
