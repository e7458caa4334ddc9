// Every view, light and dark, wide and narrow: accessible, nothing sticks out, the browser has nothing to complain about.

import { accountInLife } from '../scene.mjs';
import { assert, play } from '../stage.mjs';

const SIZES = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'narrow', width: 320, height: 700 },
];

await play(async (stage) => {
  const faults = [];
  const scene = await accountInLife(stage);
  const log = await stage.call('GET', `/api/webhooks-config/${scene.shaky.id}/deliveries`);
  const delivery = log.deliveries.find((one) => one.attempts > 1) ?? log.deliveries[0];
  const views = {
    overview: '/',
    endpoints: '/endpoints',
    create: '/endpoints/new',
    endpoint: `/endpoints/${scene.healthy.id}`,
    'endpoint-disabled': `/endpoints/${scene.down.id}`,
    'endpoint-held': `/endpoints/${scene.busy.id}`,
    log: `/endpoints/${scene.shaky.id}/log`,
    delivery: `/endpoints/${scene.shaky.id}/log/${delivery.id}`,
    settings: `/endpoints/${scene.healthy.id}/settings`,
    doctor: `/endpoints/${scene.healthy.id}/doctor`,
    'account-events': '/account-events',
    'event-types': '/event-types',
    keys: '/keys',
    nowhere: '/nowhere',
  };
  for (const dark of [false, true]) {
    for (const { name: size, width, height } of SIZES) {
      const page = await stage.page({ width, height, dark });
      for (const [name, at] of Object.entries(views)) {
        await page.goto(stage.url + at);
        await stage.shown(page);
        const view = `${name}-${size}-${dark ? 'dark' : 'light'}`;
        const { scroll, room } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, room: document.documentElement.clientWidth }));
        if (scroll > room) faults.push(`${view} is ${scroll} pixels wide, where ${room} are seen`);
        await stage.picture(page, view, { fullPage: size === 'wide' });
        await stage.assertAccessible(page, view).catch((error) => faults.push(error.message));
      }
      await page.context().close();
    }
  }
  assert(faults.length === 0, faults.join('\n'));
  // The widest screens.
  const page = await stage.page({ at: '/', width: 3840, height: 2160 });
  await page.locator('main h1').waitFor();
  await stage.picture(page, 'overview-4k');
});
