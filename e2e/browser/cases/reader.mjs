// Somebody whose role may look, but not change anything: sees everything, is told so in words at each action, and changes nothing.

import { accountInLife } from '../scene.mjs';
import { assert, play } from '../stage.mjs';

const WORDS = 'Your role may look, but not change anything.';

await play(async (stage) => {
  // That the browser says so of each refused call is part of the story.
  stage.allow(/Failed to load resource.*403/);
  const scene = await accountInLife(stage);
  const before = await settled(stage);
  const page = await stage.page({ token: await stage.ask('token-of member') });
  const refusals = [];
  page.on('response', (response) => response.status() === 403 && refusals.push(`${response.request().method()} ${new URL(response.url()).pathname}`));
  /** The words are said after this, and can be put away. */
  const isRefused = async (what, action) => {
    // The words of a refusal before this one may still be there, so they alone prove nothing.
    const refused = page.waitForResponse((response) => response.status() === 403);
    await Promise.all([refused, action()]);
    await page.getByText(WORDS).first().waitFor();
    await stage.picture(page, `reader-${what.replaceAll(' ', '-')}`);
    for (const toast of await page.locator('.toast').getByRole('button', { name: 'Close' }).all()) await toast.click();
  };
  const go = async (at) => {
    await page.goto(stage.url + at);
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  };
  const button = (name) => page.getByRole('button', { name, exact: true });

  await page.getByRole('heading', { name: /need you/ }).waitFor();
  await isRefused('switch on', () => page.getByRole('button', { name: /^Switch on and send/ }).click());
  await isRefused('stop waiting', () => button('Stop waiting, send now').first().click());

  await go('/endpoints');
  await page.getByRole('checkbox', { name: 'Select CRM' }).check();
  for (const name of ['Pause', 'Switch off', 'Switch on']) await isRefused(`bulk ${name}`, () => button(name).click());

  const here = `/endpoints/${scene.healthy.id}`;
  await go(here);
  await isRefused('pause', () => button('Pause').click());
  const choose = async (name) => {
    await button('More actions').click();
    await page.getByRole('menuitem', { name }).click();
  };
  await isRefused('switch off', () => choose('Switch off'));
  await button('Send a test event').first().click();
  const dialog = page.getByRole('dialog');
  await isRefused('test', () => dialog.getByRole('button', { name: 'Send a test event' }).click());
  await page.keyboard.press('Escape');
  await choose('Delete');
  await dialog.getByLabel(/^Type .* to delete it/).fill(new URL(scene.healthy.url).host);
  await isRefused('delete', () => dialog.getByRole('button', { name: 'Delete for ever' }).click());
  await go(`/endpoints/${scene.down.id}`);
  await page.getByRole('region', { name: 'How it is doing' }).getByRole('button', { name: 'Switch on' }).click();
  await isRefused('switch on with parked', () => dialog.getByRole('button', { name: 'Switch on and send' }).click());
  await go(`/endpoints/${scene.busy.id}`);
  await isRefused('end a hold', () => button('Stop waiting, send now').first().click());

  // What was typed stays, for whoever may save it.
  await go(`${here}/settings`);
  await page.getByLabel('Description').fill('Mine');
  await isRefused('save', () => button('Save').click());
  assert((await page.getByLabel('Description').inputValue()) === 'Mine', 'what was typed is still there');
  await button('New secret').click();
  await isRefused('rotate', () => dialog.getByRole('button', { name: 'Make a new secret' }).click());

  // Replays: one, and all that match.
  const { deliveries } = await stage.call('GET', `/api/webhooks-config/${scene.healthy.id}/deliveries?status=succeeded`);
  await go(`${here}/log/${deliveries[0].id}`);
  await isRefused('replay one', () => button('Replay').first().click());
  await go(`${here}/log`);
  await button('Replay all that match').click();
  await dialog.getByRole('radio', { name: 'Succeeded' }).check();
  await isRefused('replay all', () => dialog.getByRole('button', { name: /^Replay \d+ deliver/ }).click());

  await go('/endpoints/new');
  await page.getByLabel('URL', { exact: true }).fill(scene.receivers.healthy.url('/mine'));
  await page.getByRole('checkbox', { name: 'lead.captured' }).check();
  await page.getByText('This address can be used.').waitFor();
  await isRefused('create', () => button('Create the endpoint').click());

  await go('/keys');
  await page.getByRole('listitem').filter({ hasText: 'Zapier' }).waitFor();
  await button('Create a key').click();
  await dialog.getByLabel('Name').fill('Mine');
  await isRefused('create a key', () => dialog.getByRole('button', { name: 'Create the key' }).click());
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Revoke “Zapier”' }).click();
  await isRefused('revoke a key', () => dialog.getByRole('button', { name: 'Revoke', exact: true }).click());

  const after = await settled(stage);
  assert(before === after, `something has changed: ${before} is ${after}`);
  console.log(`${refusals.length} calls were refused`);
});

/** Whatever somebody could have changed. */
async function settled(stage) {
  const { keys } = await stage.call('GET', '/api/api-keys');
  if (keys.length === 0) {
    await stage.call('POST', '/api/api-keys', { name: 'Zapier', scopes: ['endpoints:read'] });
    return settled(stage);
  }
  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  const settings = endpoints.map(({ id, url, state, description, events, heldUntil, secretRotation }) => ({ id, url, state, description, events, isHeld: heldUntil !== null, secretRotation }));
  return JSON.stringify({ keys: keys.map(({ id, name }) => ({ id, name })), settings });
}
