// What the cases have in common: the system that the test started, a browser, receivers, and what no page may ever do.

import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

import { receiver } from './receiver.mjs';

export { receiver };

const { API_URL, DASHBOARD_TOKEN, SERVICE_KEY, MANAGE_KEY, ACCOUNT_ID, CHROMIUM, ARTIFACTS } = process.env;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** How long a condition may take on a busy machine (ms). */
export const LONG = 60_000;

/** Runs a case; whatever fails leaves a picture of every page. */
export async function play(story) {
  const stage = await Stage.open();
  try {
    await story(stage);
    stage.assertQuiet();
    console.log('✓ told to the end');
  } catch (error) {
    await stage.pictures('failed');
    console.log(error.stack ?? error);
    process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

/** Waits until a condition holds, and returns what it returns. */
export async function eventually(what, condition) {
  const deadline = Date.now() + LONG;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${LONG} ms (${last})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

class Stage {
  url = `${API_URL}/dashboard`;
  account = ACCOUNT_ID;
  pages = [];
  /** What the browser complained about: errors, what the policy refused. */
  complaints = [];
  /** What a case expects the browser to complain about. */
  allowed = [];
  /** What ends with the case. */
  atEnd = [];
  clicks = 0;

  static async open() {
    const stage = new Stage();
    stage.browser = await chromium.launch({
      executablePath: CHROMIUM,
      // Whatever a page would load from elsewhere is not found.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'],
    });
    stage.answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    return stage;
  }

  /** Asks the test, which holds the processes: `kill-api`, `start-api`, `token <seconds> [organisation]` (`-`: of none), `token-of <role>`. */
  async ask(request) {
    console.log(`@${request}`);
    return (await this.answers.next()).value;
  }

  /** A page of a browser of its own, signed in unless `token` says otherwise; of the dashboard, unless `url` is that of another. */
  async page({ at = '', url = null, width = 1280, height = 900, dark = false, token = DASHBOARD_TOKEN, reducedMotion = 'reduce', prepare = () => undefined, ...options } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      reducedMotion,
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    context.setDefaultTimeout(LONG);
    await prepare(context);
    const page = await context.newPage();
    this.watch(page);
    await page.goto(url ?? `${this.url}${at}${token ? `#token=${token}` : ''}`);
    // The token is kept for the views that come.
    if (token && !url) await this.signedIn(page);
    return page;
  }

  /** Waits until somebody who is signed in sees a view. */
  async signedIn(page) {
    await page.getByRole('navigation').first().waitFor();
    await page.locator('main h1').first().waitFor();
  }

  /** Waits until all of the view is there. */
  async shown(page) {
    await this.signedIn(page);
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  }

  watch(page) {
    this.pages.push(page);
    page.on('pageerror', (error) => this.complaints.push(error.stack || `an error: ${error.name} ${error.message} ${JSON.stringify(error)}`));
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog of the browser: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
  }

  /** The browser will say this, and may. */
  allow(pattern) {
    this.allowed.push(pattern);
  }

  assertQuiet() {
    const unexpected = this.complaints.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
    assert(unexpected.length === 0, `the browser complained:\n${unexpected.join('\n')}`);
  }

  /** A call of the API, by the customer unless a token is given. */
  async call(method, at, body, { token = DASHBOARD_TOKEN, headers = {} } = {}) {
    const response = await fetch(API_URL + at, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    assert(response.ok, `${method} ${at} answered ${response.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  endpoint(url, events = ['*'], more = {}) {
    return this.call('POST', '/api/webhooks-config', { url, events, ...more });
  }

  push(event, data = {}, more = {}) {
    return this.call('POST', '/api/events', { accountId: ACCOUNT_ID, chatbotId: 'cmf9n7u1c', event, data, ...more }, { token: SERVICE_KEY });
  }

  /** Up to a hundred events in one call. */
  pushAll(events) {
    const batch = events.map(([event, data]) => ({ accountId: ACCOUNT_ID, chatbotId: 'cmf9n7u1c', event, data }));
    return this.call('POST', '/api/events/batch', { events: batch }, { token: SERVICE_KEY });
  }

  manage(method, at, body) {
    return this.call(method, at, body, { token: MANAGE_KEY });
  }

  /** Presses something as a person would, and counts it. */
  async click(locator) {
    this.clicks += 1;
    await locator.click();
  }

  /** No violation of the accessibility rules on what is shown, in a page or a frame. */
  async assertAccessible(page, name) {
    // Through the debugger, since the page's policy refuses a script that the page doesn't have.
    const session = await (page.page?.() ?? page).context().newCDPSession(page);
    const source = await readFile(AXE, 'utf8');
    await session.send('Runtime.evaluate', { expression: source });
    const { result } = await session.send('Runtime.evaluate', {
      expression: 'axe.run(document, { resultTypes: ["violations"] }).then((found) => JSON.stringify(found.violations.map((one) => [one.id, one.help, one.nodes.slice(0, 3).map((node) => node.html + " " + node.failureSummary)])))',
      awaitPromise: true,
      returnByValue: true,
    });
    const found = JSON.parse(result.value);
    assert(found.length === 0, `${name} isn't accessible: ${JSON.stringify(found, null, 1)}`);
  }

  /** A picture, where the test wants them kept. */
  async picture(page, name, options = {}) {
    if (!ARTIFACTS) return;
    await mkdir(ARTIFACTS, { recursive: true });
    await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`), animations: 'disabled', ...options });
  }

  async pictures(name) {
    for (const [index, page] of this.pages.entries()) {
      await this.picture(page, `${name}-${index}`).catch(() => undefined);
      for (const frame of page.frames()) {
        const text = await frame.evaluate(() => document.body.innerText).catch(() => '(no text)');
        console.log(`page ${index} at ${frame.url()}:\n${text.slice(0, 4000)}`);
      }
      console.log(`complaints: ${this.complaints.join('\n')}`);
    }
  }

  async close() {
    for (const end of this.atEnd) end();
    await this.browser.close();
    await receiver.closeAll();
    process.stdin.destroy();
  }
}
