// The code itself, loaded when somebody looks at it. These are whole files, since tests run them with what is really sent.

import go from './verify.go?raw';
import node from './verify.mjs?raw';
import php from './verify.php?raw';
import python from './verify.py?raw';
import ruby from './verify.rb?raw';
import rust from './verify.rs?raw';

export default { node, python, php, go, ruby, rust };
