// Discount is a plugin: offers, and the campaigns that they are part of.
package main

// Campaign has offers.
type Campaign struct {
	name   string
	offers []*Offer
}

// Offer knows its campaign.
type Offer struct {
	campaign *Campaign
	percent  int
	terms    [12]string
}

// A plugin is never unloaded: what its variables hold stays until the process ends.
var current *Campaign

// Grant makes an offer.
func Grant(percent int) {
	if current == nil {
		current = &Campaign{name: "autumn"}
	}
	current.offers = append(current.offers, &Offer{campaign: current, percent: percent})
}

func main() {}
