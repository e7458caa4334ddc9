// Which of the selected endpoints stayed as they were, each with the reason.

import { t, tn } from '../../../texts';
import { Advice } from '../../../ui/advice';
import { Button } from '../../../ui/button';
import { EndpointName } from '../../../ui/name';
import { Note } from '../../../ui/parts';
import type { Rejected } from './bulk';

export function RejectedNote({ of, onClose }: { of: Rejected[]; onClose: () => void }) {
  return (
    <div class="endpoints-rejected" role="alert">
      <Note
        tone="bad"
        actions={
          <Button small onClick={onClose}>
            {t('common.close')}
          </Button>
        }
      >
        <strong>{tn('endpoints.rejected', of.length)}</strong>
        <ul>
          {of.map(({ endpoint, why }) => (
            <li key={endpoint.id}>
              <EndpointName id={endpoint.id} of={endpoint} />
              <Advice text={why} />
            </li>
          ))}
        </ul>
      </Note>
    </div>
  );
}
