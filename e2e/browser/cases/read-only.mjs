// Somebody who may only look sees everything that is there, can change nothing of it, and is told so. Nobody in a portal sees API keys.

import { dashboardIn, frameOf, Product } from '../product.mjs';
import { assert, play, receiver } from '../stage.mjs';

const SORRY = 'You may look here, but not change anything. Ask somebody who may change webhooks in your product.';

await play(async (stage) => {
  stage.allow(/the server responded with a status of 403/);
  const crm = await receiver();
  const { id } = await stage.endpoint(crm.url(), ['*'], { description: 'CRM' });
  await stage.call('POST', '/api/api-keys', { name: 'Nobody sees this', scopes: ['endpoints:read'] });
  const product = await Product.start(stage);
  const page = await product.open(stage, 'Bob');
  const dashboard = dashboardIn(page);
  await dashboard.getByText('Read only').waitFor();
  // A click before the page was all there has been lost, seldom; its frame still grew then.
  await dashboard.getByText('No failures').waitFor();
  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await dashboard.getByRole('link', { name: 'CRM' }).click();
  await stage.picture(page, 'read-only');

  const before = await stage.call('GET', `/api/webhooks-config/${id}`);
  await dashboard.getByRole('button', { name: 'Pause', exact: true }).click();
  await dashboard.getByText(SORRY).waitFor();
  await dashboard.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await dashboard.getByRole('button', { name: 'Send a test event' }).click();
  const dialog = dashboard.getByRole('dialog', { name: 'Send a test event' });
  await dialog.getByRole('button', { name: 'Send a test event' }).click();
  await dialog.getByRole('alert').getByText(SORRY).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dashboard.getByRole('tab', { name: 'Settings' }).click();
  await dashboard.getByLabel('Description').fill('Changed');
  await dashboard.getByRole('button', { name: 'Save' }).click();
  await dashboard.getByRole('alert').getByText(SORRY).waitFor();
  await stage.picture(page, 'read-only-refused');

  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await dashboard.getByRole('link', { name: 'Create an endpoint' }).first().click();
  await dashboard.getByLabel('URL').fill(crm.url('/new'));
  await dashboard.getByLabel('All events').check();
  await dashboard.getByRole('button', { name: 'Create the endpoint' }).click();
  await dashboard.getByRole('alert').getByText(SORRY).waitFor();

  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  const after = await stage.call('GET', `/api/webhooks-config/${id}`);
  assert(endpoints.length === 1, 'there is no new endpoint');
  assert(after.updatedAt === before.updatedAt && after.state === 'active', 'nothing has changed');
  assert(crm.requests.length === 0, 'nothing was sent');

  // By its address neither, whoever it is.
  for (const [person, other] of [['Bob', 'Ada'], ['Ada', null]]) {
    const frame = await frameOf(page);
    await frame.evaluate(() => location.assign('/dashboard/embed/keys'));
    await dashboard.getByText("This can't be done here. Sign in at the dashboard itself").waitFor();
    assert((await dashboard.getByText('Nobody sees this').count()) === 0, `${person} sees an API key`);
    assert((await dashboard.getByRole('button', { name: 'Create a key' }).count()) === 0, `${person} is offered a key`);
    if (!other) break;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await product.signIn(page, other);
    await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).waitFor();
  }
  await stage.picture(page, 'no-keys');
});
