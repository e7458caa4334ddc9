// Light or dark: as the viewer's system says, until they choose; what they chose stays. Whoever wants little to move sees little move.

import { assert, eventually, play, receiver } from '../stage.mjs';

const look = (page) => page.evaluate(() => ({ theme: document.documentElement.dataset.theme, paper: getComputedStyle(document.documentElement).backgroundColor }));

/** How bright a colour is, of 255. */
const brightness = (colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));

await play(async (stage) => {
  const works = await receiver();
  await stage.endpoint(works.url('/hook'), ['*'], { description: 'CRM' });
  const page = await stage.page();
  await page.getByRole('heading', { name: 'Your endpoint is fine' }).waitFor();
  const light = await look(page);
  assert(light.theme === 'light' && brightness(light.paper) > 200, `it begins ${JSON.stringify(light)}`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually('it follows the system', async () => (await look(page)).theme === 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await eventually('it follows the system back', async () => (await look(page)).theme === 'light');

  await page.getByRole('button', { name: 'Dark theme' }).click();
  await page.getByRole('button', { name: 'Light theme' }).waitFor();
  const dark = await eventually('it is dark', async () => {
    const now = await look(page);
    return now.theme === 'dark' && brightness(now.paper) < 80 && now;
  });
  // From the first picture on: nobody is dazzled by a light page before it.
  const seen = [];
  await page.exposeFunction('tell', (theme) => seen.push(theme));
  await page.addInitScript(() => {
    const watch = () => {
      if (document.body?.querySelector('.shell')) return window.tell(document.documentElement.dataset.theme ?? 'none');
      requestAnimationFrame(watch);
    };
    watch();
  });
  await page.reload();
  await page.getByRole('heading', { name: 'Your endpoint is fine' }).waitFor();
  await eventually('the first picture is told', () => seen.length > 0);
  assert(seen[0] === 'dark', `the first picture is ${seen[0]}`);
  await eventually('the dark theme has stayed', async () => JSON.stringify(await look(page)) === JSON.stringify(dark));
  await stage.picture(page, 'theme-dark');
  await page.getByRole('navigation').getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
  await page.getByRole('button', { name: 'Light theme' }).click();
  await page.getByRole('button', { name: 'Dark theme' }).waitFor();
  assert((await look(page)).theme === 'light', 'it is light again');

  // Whatever moves is over at once, or doesn't begin.
  for (const [reducedMotion, isStill] of [['reduce', true], ['no-preference', false]]) {
    const other = await stage.page({ reducedMotion });
    await other.getByRole('heading', { name: 'Your endpoint is fine' }).waitFor();
    await stage.push('lead.captured', { reducedMotion });
    await other.getByText('attempts a second').waitFor();
    const longest = await other.evaluate(() => {
      const seconds = (text) => Math.max(...text.split(',').map((one) => parseFloat(one) * (one.trim().endsWith('ms') ? 0.001 : 1)));
      const moves = [...document.querySelectorAll('*')].map((one) => getComputedStyle(one)).map((style) => Math.max(style.animationName === 'none' ? 0 : seconds(style.animationDuration), seconds(style.transitionDuration)));
      return Math.max(...moves);
    });
    assert(isStill ? longest <= 0.001 : longest > 0.05, `with ${reducedMotion} something moves for ${longest} s`);
  }
});
