// /dashboard/embed: the same pages within the settings of a chatbot product, which hands over the session.

import './styles/index.css';
import './session/embed.css';

import { render } from 'preact';

import { place, start } from './app';
import { theme } from './layout/theme';
import { session } from './session';
import { firstSession, HOME, portalSource } from './session/portal';
import { go, keepLinks, tellHeight } from './session/portal-frame';
import { NotFramed } from './session/portal-view';
import { speakPreferred } from './texts';

/** So long (ms) nothing is shown, so that the first thing shown has the theme and the language that are asked for. */
const BLANK = 600;

async function begin(): Promise<void> {
  theme.follow('auto');
  if (parent === window) {
    await speakPreferred();
    render(<NotFramed />, place());
    return;
  }
  session.use(portalSource());
  keepLinks();
  await Promise.race([firstSession, new Promise((resolve) => setTimeout(resolve, BLANK))]);
  start(HOME, true, go);
  tellHeight(place());
}

void begin();
