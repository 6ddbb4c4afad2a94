// Package links makes addresses of pages.
package links

// Base is where the shop is served.
const Base = "https://shop.example.com/"
