// /dashboard/embed: the same pages within the settings of a chatbot product, which hands over the session.

import './styles/index.css';

import { start } from './app';
import { session } from './session';
import { portalSource } from './session/portal';

session.use(portalSource());
start('/dashboard/embed', true);
