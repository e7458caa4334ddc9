// The host of Clerk's script, as far as `clerk-stand-in.js` needs it, for one browser. It answers requests that a test takes out of the
// browser (`context.route`), so that it can have any name, as the policy of the page wants it, and needs no certificate.

import { readFileSync } from 'node:fs';

export const HOST = 'clerk.stand-in.example';
export const PUBLISHABLE_KEY = `pk_test_${Buffer.from(`${HOST}$`).toString('base64')}`;

const SCRIPT = '/npm/@clerk/clerk-js@5/dist/clerk.browser.js';
const stand = readFileSync(new URL('clerk-stand-in.js', import.meta.url), 'utf8');

export class ClerkHost {
  /** Whether its script can be loaded. */
  isUp = true;
  /** Of the next one who signs in: `active`, or `pending` while they still have to do something. */
  status = 'active';
  session = null;
  /** What was asked of it. */
  asked = [];

  /**
   * `tokenOf(user, organization, skipCache)` makes session tokens, at once or later (`null`: the session has ended). `people` are the identifiers of those
   * who may sign in, each with their organizations: `{ada: [{id, name}]}`.
   */
  constructor(people, tokenOf) {
    this.people = people;
    this.tokenOf = tokenOf;
  }

  /** Answers whatever the pages of a context of Playwright ask of the host. */
  async serve(context) {
    await context.route(`https://${HOST}/**`, async (route) => {
      if (!this.isUp) return route.abort('connectionrefused');
      const request = route.request();
      const { pathname } = new URL(request.url());
      const headers = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': '*' };
      if (pathname === SCRIPT) return route.fulfill({ headers, contentType: 'text/javascript', body: stand });
      if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers });
      this.asked.push(`${request.method()} ${pathname}`);
      const answer = await this.answer(`${request.method()} ${pathname}`, JSON.parse(request.postData() ?? '{}'));
      return route.fulfill({ status: answer ? 200 : 404, headers, json: answer ?? {} });
    });
  }

  async answer(call, body) {
    const { session } = this;
    switch (call) {
      case 'GET /v1/client':
        break;
      case 'POST /v1/client/sign_ins':
        this.signIn(body.identifier);
        break;
      case 'POST /v1/client/sessions/finish':
        session.status = 'active';
        session.lastActiveOrganizationId = session.user.organizationMemberships[0]?.organization.id ?? null;
        break;
      case 'POST /v1/client/sessions/touch':
        session.lastActiveOrganizationId = body.organization;
        break;
      case 'DELETE /v1/client/sessions':
        this.session = null;
        break;
      case 'POST /v1/client/sessions/tokens':
        return { jwt: session && (await this.tokenOf(session.user.id, session.lastActiveOrganizationId, body.skipCache)) };
      default:
        return null;
    }
    return { session: this.session };
  }

  /** Signs somebody in; in none of their organizations. */
  signIn(person) {
    const organizations = this.people[person] ?? [];
    this.session = {
      id: `sess_${person}_${Date.now()}`,
      status: this.status,
      lastActiveOrganizationId: null,
      user: { id: `user_${person}`, organizationMemberships: organizations.map((organization) => ({ organization })) },
    };
  }
}
