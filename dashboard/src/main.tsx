// /dashboard

import './styles/index.css';

import { start } from './app';
import { theme } from './layout/theme';
import { session } from './session';
import { linkSource } from './session/link';

theme.begin();
session.use(linkSource());
start('/dashboard', false);
