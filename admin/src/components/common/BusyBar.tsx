import { Box } from '@strapi/design-system';
import { keyframes, styled } from 'styled-components';

const pass = keyframes`
  from { transform: translateX(-100%); }
  to { transform: translateX(400%); }
`;

/** Says "at work" and no percentage, for work whose amount is known only at its end. */
export const BusyBar = styled(Box)`
  height: 0.4rem;
  overflow: hidden;
  border-radius: ${({ theme }) => theme.borderRadius};
  background: ${({ theme }) => theme.colors.neutral150};

  &::after {
    content: '';
    display: block;
    width: 25%;
    height: 100%;
    border-radius: inherit;
    background: ${({ theme }) => theme.colors.primary600};
    animation: ${pass} 1.6s linear infinite;
  }

  @media (prefers-reduced-motion: reduce) {
    &::after {
      width: 100%;
      animation: none;
      opacity: 0.6;
    }
  }
`;
