// A product shows the dashboard in its settings: the endpoints of the account of whoever is signed in there, in its own look.

import { dashboardIn, frameOf, Product } from '../product.mjs';
import { assert, eventually, play, receiver } from '../stage.mjs';

const NEIGHBOUR = 'org:org_neighbour';

await play(async (stage) => {
  const crm = await receiver(() => ({ status: 200, body: 'thanks' }));
  await stage.endpoint(crm.url(), ['lead.captured'], { description: 'CRM' });
  const { token } = await stage.manage('POST', '/api/portal-sessions', { accountId: NEIGHBOUR, access: 'write' });
  await stage.call('POST', '/api/webhooks-config', { url: crm.url('/neighbour'), events: ['*'], description: 'Of the neighbours' }, { token });

  const product = await Product.start(stage);
  const page = await product.open(stage, 'Ada');
  await page.getByText('Ada', { exact: true }).waitFor();
  const dashboard = dashboardIn(page);
  // Nobody clicks before there is something to see, and the frame is as high as that.
  await dashboard.getByRole('heading', { level: 1 }).waitFor();
  await dashboard.locator('.skeleton').first().waitFor({ state: 'detached' });
  await eventually('the frame has its height', () => page.getByTitle('Webhooks').evaluate((frame) => frame.style.height !== ''));
  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await dashboard.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor();
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  assert((await dashboard.getByText('Of the neighbours').count()) === 0, 'endpoints of another account are seen');
  assert((await dashboard.getByRole('link', { name: 'API keys' }).count()) === 0, 'the portal offers API keys');
  assert((await dashboard.getByRole('button', { name: 'Sign out' }).count()) === 0, 'one signs out of the product, not of the frame');
  await stage.picture(page, 'embed-endpoints');

  // A test event.
  await dashboard.getByRole('link', { name: 'CRM' }).click();
  await dashboard.getByRole('button', { name: 'Send a test event' }).click();
  const dialog = dashboard.getByRole('dialog', { name: 'Send a test event' });
  await dialog.getByRole('button', { name: 'Send a test event' }).click();
  await dialog.getByText(/Your server answered 200 in .*It works\./).waitFor();
  assert(crm.requests.length === 1 && JSON.parse(crm.requests[0].body).event === 'lead.captured', 'the receiver got the test event');
  await eventually('the dialog is where one looks', async () => {
    const { y, height } = await dialog.boundingBox();
    return y >= 0 && y + height <= page.viewportSize().height;
  });
  await stage.picture(page, 'embed-test');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });

  // The look.
  const frame = await frameOf(page);
  const look = () => frame.evaluate(() => {
    const main = getComputedStyle(document.querySelector('main h1'));
    const [page, accent, radius] = ['--page', '--accent', '--radius'].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim());
    return { font: main.fontFamily, page, accent, radius, theme: document.documentElement.dataset.theme, language: document.documentElement.lang };
  });
  const before = await eventually('the look of the product arrives', async () => {
    const now = await look();
    return now.accent === '#0f766e' && now.radius === '12px' && now.theme === 'light' && now.language === 'en' && now;
  });
  await page.getByLabel('Mode').selectOption('dark');
  await page.getByLabel('Accent').fill('#b91c1c');
  await page.getByLabel('Corners').fill('3');
  await page.getByLabel('Font').selectOption('serif');
  await page.getByLabel('Language').selectOption('de');
  await eventually('another look arrives', async () => {
    const now = await look();
    return now.theme === 'dark' && now.page !== before.page && now.accent === '#b91c1c' && now.radius === '3px' && now.font.includes('Georgia') && now.language === 'de';
  });
  await dashboard.getByRole('link', { name: 'Endpunkte' }).click();
  await dashboard.getByRole('heading', { level: 1, name: 'Endpunkte' }).waitFor();
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  await stage.assertAccessible(frame, 'the dashboard in a frame, red and dark');
  await stage.picture(page, 'embed-dark');

  // As high as what is in it, but no higher than the window.
  const heights = async () => {
    const { height } = await page.getByTitle('Webhooks').boundingBox();
    const content = await frame.evaluate(() => Math.ceil(document.querySelector('#app').getBoundingClientRect().height));
    return { height, content };
  };
  await page.setViewportSize({ width: 1280, height: 3000 });
  await eventually('the frame has the height of a short page', async () => {
    const { height, content } = await heights();
    return Math.abs(height - 2 - Math.max(content, 480)) <= 2;
  });
  const short = await heights();
  await dashboard.getByRole('link', { name: 'Ereignis-Katalog' }).click();
  await eventually('the frame has the height of a long one', async () => {
    const { height, content } = await heights();
    return height > short.height && Math.abs(height - 2 - content) <= 2;
  });
  await page.setViewportSize({ width: 1280, height: 600 });
  await eventually('the frame is no higher than the window', async () => (await heights()).height <= 600);

  // A page of the dashboard never becomes the page of the product, and its history has no more entries than were gone to.
  assert(page.url() === `${product.url}/`, `the product is at ${page.url()}`);
  await page.evaluate(() => history.back());
  await dashboard.getByRole('heading', { level: 1, name: 'Endpunkte' }).waitFor();

  // Narrow, as on a phone.
  await page.setViewportSize({ width: 360, height: 740 });
  await eventually('nothing sticks out', () => frame.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  await stage.picture(page, 'embed-narrow');

  // Whoever signs out of the product is signed out of the dashboard.
  const [id] = product.sessions;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in as Ada' }).waitFor();
  const ended = await eventually('the session is over', async () => {
    const response = await fetch(new URL(`/api/portal-sessions/${id}`, stage.url), { method: 'DELETE', headers: { Authorization: `Bearer ${process.env.MANAGE_KEY}` } });
    return response.status === 404 && response;
  });
  assert(ended.status === 404, 'the product has ended it');
});
