// How an endpoint is called where it is mentioned: as its owner describes it, with the address that can't be made up. Whatever characters
// a description contains, it stays in its place.

import { Link } from 'wouter-preact';

interface Named {
  description: string | null;
  url: string;
}

/** What somebody has written without the characters that turn the direction of what follows. */
export function plain(text: string): string {
  return text.replace(/[\u202A-\u202E\u2066-\u2069]/g, '').trim();
}

/** A short name without its address, for sentences and titles. */
export function nameOf({ description, url }: Named): string {
  const line = plain(description?.split('\n')[0] ?? '');
  // Characters that show nothing are no name.
  if (line.replace(/[\p{Cf}\s]/gu, '')) return line.length > 60 ? `${line.slice(0, 59)}…` : line;
  return addressOf(url);
}

/** A URL without what goes without saying. */
export function addressOf(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/\/$/, '');
}

/** An endpoint with a link to it; its id if nothing more is known of it. */
export function EndpointName({ id, of }: { id: string; of: Named | undefined }) {
  return (
    <span class="endpoint-name">
      <Link href={`/endpoints/${id}`}>
        <bdi>{of ? nameOf(of) : id}</bdi>
      </Link>
      {of?.description?.trim() && (
        <small title={of.url}>
          <bdi>{addressOf(of.url)}</bdi>
        </small>
      )}
    </span>
  );
}
