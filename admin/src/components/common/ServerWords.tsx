import { Typography } from '@strapi/design-system';
import { styled } from 'styled-components';

import { useTranslation } from '../../hooks/useTranslation';

const Details = styled.details`
  overflow-wrap: anywhere;

  summary {
    cursor: pointer;
    width: fit-content;
  }
`;

interface ServerWordsProps {
  /** In English. */
  message: string;
  /** The page says the same in another language: then the words wait until somebody wants them. */
  isForeign: boolean;
}

/** What the server said of an error. */
export function ServerWords({ message, isForeign }: ServerWordsProps) {
  const t = useTranslation();
  if (!isForeign) {
    return (
      <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Typography>
    );
  }

  return (
    <Details data-server-words>
      <Typography tag="summary" variant="pi" textColor="neutral600">
        {t('error.words')}
      </Typography>
      <Typography tag="p" variant="pi" textColor="neutral800" lang="en">
        {message}
      </Typography>
    </Details>
  );
}
