// What somebody should know whatever they are looking at: an endpoint has been disabled.

export function Notices() {
  return null;
}
