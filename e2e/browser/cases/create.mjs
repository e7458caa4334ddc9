// An endpoint with everything that it can have: a URL that is explained while it is typed, chatbots, filters tried on a sample, headers, a
// rate limit. What was typed is still there after a reload.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  // What is asked while somebody types may be refused, and browsers say so.
  stage.allow(/Failed to load resource.*422/);
  const works = await receiver();
  const page = await stage.page({ at: '/endpoints/new' });
  const url = page.getByLabel('URL', { exact: true });
  for (const [typed, words] of [
    ['ftp://example.com/hook', /http/],
    ['http://user:secret@127.0.0.1/', /user|password|credential/i],
    ['http://127.0.0.1:99999/hook', /port|valid/i],
  ]) {
    await url.fill(typed);
    const fault = page.locator('.field.wrong .fault');
    await eventually(`${typed} is explained`, async () => words.test(await fault.innerText()));
    assert((await url.getAttribute('aria-invalid')) === 'true', 'the field says that it is wrong');
  }
  await stage.picture(page, 'create-wrong');
  await url.fill(works.url('/everything'));
  await page.getByText('This address can be used.').waitFor();

  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByText('Choose at least one event, or all of them.').waitFor();
  await page.getByRole('checkbox', { name: 'lead.captured' }).check();
  await page.getByText('Choose at least one event, or all of them.').waitFor({ state: 'detached' });
  await page.getByLabel('Description').fill('Leads of the website');
  await page.getByText('More: chatbots, filters, headers, speed').click();
  await page.getByLabel('Chatbots').fill('cmf9n7u1c, cmf9n7u1d');

  // A filter is tried on the sample of the event, as the server would decide.
  await page.getByRole('button', { name: 'Add a filter' }).click();
  await page.getByLabel('Pointer of filter 1').fill('/source');
  await page.getByLabel('Comparison of filter 1').selectOption({ label: 'is one of' });
  await page.getByLabel('Value of filter 1').fill('web, ads');
  const data = page.getByLabel('Its data');
  await data.fill('{"source": "web", "score": 7}');
  await page.getByText('Would be sent', { exact: true }).waitFor();
  await data.fill('{"source": "import"}');
  await page.getByText('Would not be sent', { exact: true }).waitFor();
  await data.fill('{"source": ');
  await page.getByText("This isn't an object in JSON.").waitFor();
  await data.fill('{"source": "ads"}');
  await page.getByText('Would be sent', { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Add a header' }).click();
  await page.getByLabel('Name of header 1').fill('Authorization');
  await page.getByLabel('Value of header 1').fill('Bearer kept-nowhere');
  await page.getByLabel('Most deliveries in a second').fill('25');
  await page.getByLabel('Try again by itself after failures have switched it off').check();
  await stage.picture(page, 'create-everything', { fullPage: true });
  await stage.assertAccessible(page, 'the form with everything');

  // The browser is closed by accident; only the header's value, a secret, has to be typed again.
  await page.reload();
  await url.waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert(!kept.includes('kept-nowhere'), "the header's value is kept");
  assert((await url.inputValue()) === works.url('/everything'), 'the URL is still there');
  assert(await page.getByRole('checkbox', { name: 'lead.captured' }).isChecked(), 'the event is still chosen');
  assert((await page.getByLabel('Chatbots').inputValue()) === 'cmf9n7u1c, cmf9n7u1d', 'the chatbots are still there');
  assert((await page.getByLabel('Value of filter 1').inputValue()) === 'web, ads', 'the filter is still there');
  assert((await page.getByLabel('Name of header 1').inputValue()) === 'Authorization', 'the header is still there');
  await page.getByLabel('Value of header 1').fill('Bearer kept-nowhere');
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('heading', { name: 'The endpoint is there' }).waitFor();

  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  assert(endpoints.length === 1, `${endpoints.length} endpoints were made`);
  const made = await stage.call('GET', `/api/webhooks-config/${endpoints[0].id}`);
  const wanted = { url: works.url('/everything'), description: 'Leads of the website', events: ['lead.captured'], chatbotIds: ['cmf9n7u1c', 'cmf9n7u1d'], filters: [{ pointer: '/source', in: ['web', 'ads'] }], rateLimit: 25, autoResume: true };
  for (const [name, value] of Object.entries(wanted)) assert(JSON.stringify(made[name]) === JSON.stringify(value), `${name} is ${JSON.stringify(made[name])}`);
  await stage.push('lead.captured', { source: 'import' });
  await stage.push('lead.captured', { source: 'ads' });
  const got = await eventually('the event arrives', () => works.requests[0]);
  assert(got.headers.authorization === 'Bearer kept-nowhere' && JSON.parse(got.body).data.source === 'ads', `what came is ${JSON.stringify(got)}`);

  // The next one begins empty.
  await page.getByRole('button', { name: 'Create another one' }).click();
  assert((await url.inputValue()) === '', 'the next one begins empty');
});
