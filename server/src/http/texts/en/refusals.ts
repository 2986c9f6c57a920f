/** Pages that say no. A refusal that another page's texts explain better stands there. */
export const refusals = {
  notFound: 'Page not found',
  notFoundWords: 'There is no such page here. Go back to the site that you want to use.',
  wrongMethod: 'That does not work here',
  wrongMethodWords: 'This page does not take such a request.',
  badLink: 'This link does not work',
  badLinkWords:
    'The site that sent you here did not say correctly where to send you back, so you cannot go on from here. Go back to it and try again.',
  badField: (name: string) => `${name} is missing or not allowed`,
  badQuery: 'A field comes twice or is not UTF-8',
  badForm: 'That could not be read',
  badFormWords: 'The form did not arrive as this page sends it. Go back and try again.',
  foreignForm: 'Please start again',
  foreignFormWords: 'This form is too old or did not come from this page in this browser, so nothing was done with it.',
  startAgain: 'Start again',
  suspended: 'Closed for now',
  suspendedWords:
    'Signing in here is suspended. Your account is kept. Please come back later, or ask those who run this service.',
  signUpClosed: 'Sign-up is closed',
  signUpClosedWords: 'New accounts cannot be created here at present.',
  tooManyTries: 'Too many tries',
  tooManyTriesWords: (minutes: number) =>
    `That was tried too often. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, then try again.`,
  tooBusy: 'Too busy right now',
  tooBusyWords: 'There is more to do right now than can be done at once. Wait a moment, then try again.',
  failed: 'Something went wrong',
  failedWords: 'This is our fault, not yours. Try again; if it happens again, tell whoever runs this site.',
  request: (id: string) => `Request ${id}`,
};
