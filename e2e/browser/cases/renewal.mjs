// A session of a portal ends while somebody works with the page: it asks the product for another one, and goes on as if nothing had been.

import { dashboardIn, Product } from '../product.mjs';
import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  // What the browser says of a call that was refused.
  stage.allow(/the server responded with a status of 401/);
  const crm = await receiver();
  const product = await Product.start(stage);
  const page = await product.open(stage, 'Ada');
  const dashboard = dashboardIn(page);
  const revoke = () => stage.manage('DELETE', `/api/portal-sessions/${product.sessions.at(-1)}`);
  const renewed = (count) => eventually(`session ${count}`, () => product.sessions.length >= count);

  // While somebody types.
  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await dashboard.getByRole('link', { name: 'Create an endpoint' }).first().click();
  const url = dashboard.getByLabel('URL');
  await dashboard.getByLabel('All events').check();
  await dashboard.getByLabel('Description').fill('Typed before');
  const half = crm.url().length - 4;
  await url.pressSequentially(crm.url().slice(0, half));
  assert(product.sessions.length === 1, `one session is enough: ${product.sessions}`);
  await revoke();
  await url.pressSequentially(crm.url().slice(half), { delay: 40 });
  await renewed(2);
  await dashboard.getByText('This address can be used.').waitFor();
  assert((await dashboard.getByRole('dialog').count()) === 0, 'nobody is asked for anything');
  assert((await url.inputValue()) === crm.url(), 'what was typed is there');
  assert(await url.evaluate((input) => input === document.activeElement), 'one goes on typing');
  assert((await dashboard.getByLabel('Description').inputValue()) === 'Typed before', 'all that was typed is there');

  // While something is sent: it is sent again with the new session, once.
  await revoke();
  await dashboard.getByRole('button', { name: 'Create the endpoint' }).click();
  await dashboard.getByRole('heading', { name: 'The endpoint is there' }).waitFor();
  await renewed(3);
  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  assert(endpoints.length === 1 && endpoints[0].description === 'Typed before', `made once: ${JSON.stringify(endpoints)}`);

  // While the log is looked at, which is live before and after.
  await dashboard.getByRole('link', { name: 'Go to the endpoint' }).click();
  await dashboard.getByRole('tab', { name: 'Log' }).click();
  const row = (event) => dashboard.getByRole('table', { name: /^Deliveries/ }).getByRole('link', { name: event }).first();
  await stage.push('lead.captured');
  await row('lead.captured').waitFor();
  await revoke();
  await renewed(4);
  await stage.push('ticket.created');
  await row('ticket.created').waitFor();

  // While the product is away, the page says what it waits for, over what was there, and nothing that was typed is lost.
  await dashboard.getByRole('tab', { name: 'Settings' }).click();
  await dashboard.getByLabel('Description').fill('Typed while it was away');
  product.halt();
  await revoke();
  const dialog = dashboard.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await dialog.getByText('Waiting for a new session from the page around this one').waitFor();
  await dialog.getByText('The session was ended, or replaced by newer ones.').waitFor();
  await stage.picture(page, 'renewal-waits');
  product.goOn();
  await dialog.waitFor({ state: 'detached' });
  assert((await dashboard.getByLabel('Description').inputValue()) === 'Typed while it was away', 'what was typed is there');
  await dashboard.getByRole('button', { name: 'Save' }).click();
  await eventually('it is saved', async () => (await stage.call('GET', '/api/webhooks-config')).endpoints[0].description === 'Typed while it was away');
  await dashboard.getByRole('tab', { name: 'Log' }).click();
  await stage.push('session.created');
  await row('session.created').waitFor();
});
