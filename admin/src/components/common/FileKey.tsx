import { Typography } from '@strapi/design-system';

/** A file's path, in letters of one width; a long one breaks anywhere. */
export function FileKey({ children }: { children: string }) {
  return (
    <Typography variant="pi" textColor="neutral800" style={{ fontFamily: 'monospace', overflowWrap: 'anywhere' }}>
      {children}
    </Typography>
  );
}
