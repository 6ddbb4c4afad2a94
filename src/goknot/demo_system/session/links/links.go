// Package links knows where things are on the web.
package links

// Orders is where orders are shown.
const Orders = "/orders/"
