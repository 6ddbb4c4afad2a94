package store

// Version is that of the orders' format.
const Version = 2
