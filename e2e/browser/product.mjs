// The example of a product that has the dashboard in its settings, as its README says that it is started.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const { API_URL, MANAGE_KEY, ACCOUNT_ID, EXAMPLE, PORTAL_ORIGINS } = process.env;

export class Product {
  url = PORTAL_ORIGINS;
  /** The portal sessions that it got, in order. */
  sessions = [];

  static async start(stage) {
    const product = new Product();
    product.child = spawn(process.execPath, [EXAMPLE], {
      env: { WEBHOOKS_API_URL: API_URL, WEBHOOKS_MANAGE_KEY: MANAGE_KEY, ACCOUNT_ID, PORT: new URL(PORTAL_ORIGINS).port },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    stage.atEnd.push(() => product.child.kill('SIGKILL'));
    await new Promise((resolve, reject) => {
      product.child.once('exit', (code) => reject(new Error(`the product ended with ${code}`)));
      createInterface({ input: product.child.stdout }).on('line', (line) => {
        const id = / portal session (\S+)$/.exec(line)?.[1];
        if (id) product.sessions.push(id);
        else resolve();
      });
    });
    return product;
  }

  /** Its settings, in a browser of their own: signed in as this person. */
  async open(stage, person, options = {}) {
    const page = await stage.page({ url: this.url, ...options });
    await this.signIn(page, person);
    return page;
  }

  signIn(page, person) {
    return page.getByRole('button', { name: `Sign in as ${person}` }).click();
  }

  /** Nothing answers until it goes on. */
  halt() {
    this.child.kill('SIGSTOP');
  }

  goOn() {
    this.child.kill('SIGCONT');
  }
}

/** What is in the frame, to find something there. */
export function dashboardIn(page) {
  return page.frameLocator('iframe[title="Webhooks"]');
}

/** The frame, to ask something of it. */
export async function frameOf(page) {
  const element = await page.getByTitle('Webhooks').elementHandle();
  return element.contentFrame();
}
