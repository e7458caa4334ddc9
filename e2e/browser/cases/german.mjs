// Whoever's browser prefers German reads German on every page, in every dialog, and nothing else but what the API and others say.

import { accountInLife } from '../scene.mjs';
import { assert, play } from '../stage.mjs';

/** Words that both languages have. */
const SAME = new Set(['Webhooks', 'Name', 'Status', 'URL', 'Live', 'Filter', 'Test', 'p95', 'Median', 'Body', 'DNS', 'TLS', 'Header', 'JSON Schema', 'Chatbots', 'Version 1', 'Leads', 'System', 'Tickets', 'Automation (Zapier, Make)', 'Node', 'Python', 'PHP', 'Ruby', 'Rust']);
/** Examples of what is typed. */
const TYPED = /^(https:\/\/|cmf9n7u1c, |\/lead\/source$|Authorization$|X-RKT-Signature: )/;
/** What isn't language. */
const CODE = 'code, pre';

/** What somebody sees or hears of a page, but code. */
function textsOf(page) {
  return page.evaluate((code) => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement.closest(`${code}, script, noscript, style`)) found.add(node.data.trim());
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      if (element.closest(code)) continue;
      for (const name of ['aria-label', 'title', 'placeholder']) found.add((element.getAttribute(name) ?? '').trim());
    }
    found.add(document.title.replace(/ · Webhooks$/, ''));
    return [...found].filter((text) => /\p{L}{3}/u.test(text));
  }, CODE);
}

await play(async (stage) => {
  const scene = await accountInLife(stage);
  await stage.call('POST', '/api/api-keys', { name: 'Zapier', scopes: ['endpoints:write', 'deliveries:read', 'replay:read'] });
  const { deliveries } = await stage.call('GET', `/api/webhooks-config/${scene.shaky.id}/deliveries`);
  const failed = deliveries.find((one) => one.attempts > 1) ?? deliveries[0];
  const here = `/endpoints/${scene.healthy.id}`;
  const dialog = (german, english) => async (page, isGerman) => {
    await page.getByRole('button', { name: isGerman ? german : english, exact: true }).first().click();
    await page.getByRole('dialog').waitFor();
  };
  const more = async (page, isGerman) => {
    await page.getByText(isGerman ? /^Mehr: Chatbots/ : /^More: chatbots/).click();
    await page.getByRole('button', { name: isGerman ? 'Filter hinzufügen' : 'Add a filter' }).click();
    await page.getByRole('button', { name: isGerman ? 'Header hinzufügen' : 'Add a header' }).click();
  };
  const views = [
    ['/'], ['/endpoints'], ['/endpoints/new', more], [here], [here, dialog('Testereignis senden', 'Send a test event')],
    [`/endpoints/${scene.down.id}`], [`/endpoints/${scene.down.id}`, dialog('Einschalten', 'Switch on')], [`/endpoints/${scene.busy.id}`], [`/endpoints/${scene.paused.id}`], [`/endpoints/${scene.off.id}`],
    [`${here}/settings`], [`${here}/settings`, dialog('Neues Geheimnis', 'New secret')], [`${here}/doctor`], [`${here}/log`], [`${here}/log`, dialog('Alle passenden wiederholen', 'Replay all that match')],
    [`/endpoints/${scene.shaky.id}/log/${failed.id}`], ['/account-events'], ['/event-types'], ['/event-types?event=lead.captured'], ['/keys'], ['/keys', dialog('Schlüssel anlegen', 'Create a key')], ['/', dialog('Tastenkürzel', 'Keyboard shortcuts')], ['/nowhere'],
  ];
  const german = await stage.page({ locale: 'de-DE' });
  const english = await stage.page();
  // Whatever comes from the API is as the API says it.
  const asked = ['event-types', 'webhooks-config', 'webhooks-summary', 'webhooks-deliveries', 'api-keys', ...[scene.healthy, scene.shaky, scene.down, scene.busy, scene.paused, scene.off].map(({ id }) => `webhooks-config/${id}`), `webhooks-config/${scene.shaky.id}/deliveries/${failed.id}`];
  const said = (await Promise.all(asked.map(async (name) => JSON.stringify(await stage.call('GET', `/api/${name}`))))).join('\n').toLowerCase();
  const faults = [];
  for (const [at, then] of views) {
    const texts = [];
    for (const page of [german, english]) {
      await page.goto(stage.url + at);
      await page.locator('main h1, main h3').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      await then?.(page, page === german);
      texts.push(await textsOf(page));
    }
    const [shown, others] = texts;
    const name = `german${at.replace(/[/?=]/g, '-').replace(/ep_\w+|dlv_\w+/g, '')}${then ? '-open' : ''}`;
    await stage.picture(german, name, { fullPage: !then });
    assert((await german.evaluate(() => document.documentElement.lang)) === 'de', 'the page says that it is German');
    const isOfApi = (text) => said.includes(JSON.stringify(text).slice(1, -1).toLowerCase().replace(/\.$/, ''));
    const missing = shown.filter((text) => others.includes(text) && !SAME.has(text) && !TYPED.test(text) && !isOfApi(text));
    const unfilled = shown.filter((text) => /\{\w+\}|undefined|NaN/.test(text));
    if (missing.length + unfilled.length > 0) faults.push(`${at}${then ? ', opened' : ''}: ${JSON.stringify([...missing, ...unfilled])}`);
    const { scroll, room } = await german.evaluate(() => ({ scroll: document.documentElement.scrollWidth, room: document.documentElement.clientWidth }));
    if (scroll > room) faults.push(`${at} is wider than the window`);
  }
  assert(faults.length === 0, faults.join('\n'));
});
