// A stand-in for Clerk's script (clerk.browser.js, version 5), in tests: as much of it as the dashboard uses, and as near to it as the
// dashboard could tell. It talks to the host that the publishable key names, as Clerk's does; `clerk-host.mjs` plays that.

(() => {
  const script = document.currentScript;
  const key = script.dataset.clerkPublishableKey;
  const named = atob(/^pk_(?:test|live)_(.+)$/.exec(key)[1]);
  if (!named.endsWith('$') || new URL(script.src).host !== named.slice(0, -1)) throw new Error(`${key} names another host than ${script.src}`);
  const host = new URL(script.src).origin;

  /** Tokens are asked for anew when they are so old (ms). */
  const LIFE = 50_000;

  const listeners = new Set();
  const mounted = new Map();
  let options = {};
  let cached = null;

  async function call(method, path, body) {
    const response = await fetch(`${host}${path}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
    return response.json();
  }

  /** A session as Clerk's objects look, of what the host says. */
  function sessionOf({ session }) {
    if (!session) return null;
    return {
      ...session,
      async getToken({ skipCache = false } = {}) {
        const isOf = `${session.id} ${session.lastActiveOrganizationId}`;
        // Whoever asks while another one does gets the same.
        if (skipCache || cached?.isOf !== isOf || Date.now() - cached.at > LIFE) {
          cached = { isOf, at: Date.now(), answer: call('POST', '/v1/client/sessions/tokens', { skipCache }) };
        }
        const { jwt } = await cached.answer;
        // As Clerk does when its host doesn't know the session any more.
        if (jwt === null) await setActive(await call('GET', '/v1/client'));
        return jwt;
      },
    };
  }

  function show(session) {
    const memberships = session?.user.organizationMemberships ?? [];
    clerk.session = session;
    clerk.user = session?.user ?? session;
    clerk.organization = session && memberships.map((one) => one.organization).find((one) => one.id === session.lastActiveOrganizationId);
    const { user, organization } = clerk;
    for (const listener of listeners) listener({ session, user, organization });
  }

  async function navigate(to) {
    const url = new URL(to, location.href);
    if (url.origin !== location.origin) location.assign(url);
    else await options.routerPush(url.pathname + url.search + url.hash);
  }

  /** As Clerk does it: while it goes where it was told to, there is neither a session nor none. */
  async function setActive(client, redirectUrl) {
    if (redirectUrl) {
      show(undefined);
      await navigate(redirectUrl);
    }
    show(sessionOf(client));
    for (const draw of mounted.values()) draw();
  }

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function drawSignIn(place, props) {
    if (clerk.session?.status === 'active') {
      void navigate(props.forceRedirectUrl ?? '/');
      return;
    }
    if (clerk.session?.status === 'pending') {
      const finish = async () => setActive(await call('POST', '/v1/client/sessions/finish'), props.forceRedirectUrl);
      place.replaceChildren(element('h2', {}, 'Choose an organization'), element('button', { type: 'button', onclick: finish }, 'Continue'));
      return;
    }
    const identifier = element('input', { name: 'identifier', autocomplete: 'username' });
    const onsubmit = async (event) => {
      event.preventDefault();
      await setActive(await call('POST', '/v1/client/sign_ins', { identifier: identifier.value }), props.forceRedirectUrl);
    };
    const form = element('form', { onsubmit }, element('label', {}, 'Username ', identifier), element('button', {}, 'Continue'));
    place.replaceChildren(element('h2', {}, 'Sign in to the product'), form);
  }

  function drawSwitcher(place, props) {
    const select = element('select', { ariaLabel: 'Organization' });
    select.append(element('option', { value: '' }, 'Personal account'));
    for (const { organization } of clerk.user?.organizationMemberships ?? []) {
      select.append(element('option', { value: organization.id }, organization.name));
    }
    select.value = clerk.organization?.id ?? '';
    select.onchange = async () => {
      const to = select.value ? props.afterSelectOrganizationUrl : props.afterSelectPersonalUrl;
      await setActive(await call('POST', '/v1/client/sessions/touch', { organization: select.value || null }), to);
    };
    place.replaceChildren(select);
  }

  function mount(place, draw) {
    mounted.set(place, draw);
    draw();
  }

  function unmount(place) {
    mounted.delete(place);
    place.replaceChildren();
  }

  const clerk = {
    session: undefined,
    user: undefined,
    organization: undefined,

    async load(given) {
      options = given;
      show(sessionOf(await call('GET', '/v1/client')));
    },

    addListener(listener) {
      listeners.add(listener);
      const { session, user, organization } = clerk;
      listener({ session, user, organization });
      return () => listeners.delete(listener);
    },

    async signOut({ redirectUrl }) {
      await setActive(await call('DELETE', '/v1/client/sessions'), redirectUrl);
    },

    mountSignIn: (place, props) => mount(place, () => drawSignIn(place, props)),
    unmountSignIn: unmount,
    mountOrganizationSwitcher: (place, props) => mount(place, () => drawSwitcher(place, props)),
    unmountOrganizationSwitcher: unmount,
  };

  window.Clerk = clerk;
})();
