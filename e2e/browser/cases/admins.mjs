// Two people change one endpoint at once; a new secret; an endpoint is deleted under somebody's eyes.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const server = await receiver();
  const { id } = await stage.endpoint(server.url('/shared'), ['lead.captured'], { description: 'Shared' });
  const at = `/endpoints/${id}/settings`;
  const [one, other] = [await stage.page({ at }), await stage.page({ at })];
  for (const page of [one, other]) await page.getByLabel('Description').waitFor();

  // Whoever only looks sees what the other one has made.
  await one.getByLabel('Description').fill('Changed by one');
  await one.getByRole('button', { name: 'Save' }).click();
  await one.getByText('Saved.').waitFor();
  await other.getByRole('heading', { name: 'Changed by one' }).waitFor();
  await eventually('the form follows', async () => (await other.getByLabel('Description').inputValue()) === 'Changed by one');

  // Whoever was changing it is told, keeps what was typed, and decides.
  await other.getByLabel('Description').fill('Changed by the other');
  await one.getByRole('checkbox', { name: /ticket.created/ }).check();
  await one.getByLabel('Description').fill('Again by one');
  await one.getByRole('button', { name: 'Save' }).click();
  await other.getByText(/Somebody else has changed this endpoint while you did/).waitFor();
  assert((await other.getByLabel('Description').inputValue()) === 'Changed by the other', 'what was typed is there');
  await stage.picture(other, 'conflict');
  await other.getByRole('button', { name: 'Keep my changes' }).click();
  await other.getByRole('button', { name: 'Save' }).click();
  await other.getByText('Saved.').waitFor();
  const merged = await stage.call('GET', `/api/webhooks-config/${id}`);
  assert(merged.description === 'Changed by the other' && merged.events.includes('ticket.created'), `both changes are there: ${JSON.stringify(merged)}`);

  // What is made of a state that is over is refused, so the one waits to see what the other made.
  await one.getByRole('heading', { name: 'Changed by the other' }).waitFor();

  // A new secret: shown once, and both sign.
  await one.getByRole('button', { name: 'New secret' }).click();
  await one.getByRole('button', { name: 'Make a new secret' }).click();
  const secret = (await one.getByLabel('Signing secret').textContent()).trim();
  assert(secret.startsWith('whsec_'), secret);
  await one.getByRole('button', { name: 'I have stored it' }).click();
  await one.getByText(/The previous secret signs until/).waitFor();
  await stage.push('lead.captured', {});
  const [request] = await eventually('it arrives', () => server.requests.length > 0 && server.requests);
  assert(request.headers['webhook-signature'].split(' ').length === 2, 'two signatures');
  assert(!(await one.content()).includes(secret), 'the secret is shown once');

  // Deleted by the one, by typing its host; the other sees that it is gone.
  await one.getByRole('button', { name: 'More actions' }).click();
  await one.getByRole('menuitem', { name: 'Delete' }).click();
  const forEver = one.getByRole('button', { name: 'Delete for ever' });
  assert(await forEver.isDisabled(), 'not before the host is typed');
  await one.getByLabel(/Type .* to delete it/).fill(new URL(server.url()).host);
  await forEver.click();
  await one.getByText('The endpoint was deleted.').waitFor();
  await one.getByText('No endpoints yet').waitFor();
  stage.allow(/404/);
  await other.getByText('No such endpoint').waitFor();
});
