// The few words of the tag itself, in Dutch and English; everything else is the shop's.
export const WORDS = {
  nl: {
    why: "Waarom zie ik dit?",
    no: "Niet voor mij",
    me: "Wat weten jullie van mij?",
    close: "Sluiten",
    until: "Nog tot",
    thanks: "Bedankt, dat onthouden we.",
    message: "Bericht van de winkel",
  },
  en: {
    why: "Why do I see this?",
    no: "Not for me",
    me: "What do you know about me?",
    close: "Close",
    until: "Until",
    thanks: "Thank you, we will remember that.",
    message: "Message from the shop",
  },
};
export const words = (language) => WORDS[language] || WORDS.nl;
