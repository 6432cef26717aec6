package main

import "fmt"

// A check is something that was exported, and what has to hold of it.
type check struct {
	kind   string
	n      int
	text   string
	accept func(text string) error
}

// report tries each as it is and with one bit of every byte flipped, and says what was tried.
func report(checks []check) error {
	kinds := []string{"checkpoint", "record", "inclusion", "consistency"}
	for _, kind := range kinds {
		accepted, flips := 0, 0
		for _, one := range checks {
			if one.kind != kind {
				continue
			}
			if err := one.accept(one.text); err != nil {
				return fmt.Errorf("%s %d is refused: %w", kind, one.n, err)
			}
			accepted++
			for at := range len(one.text) {
				flipped := []byte(one.text)
				// Each of the eight in turn, so that a text of a few hundred bytes has every kind of flip at every kind of place.
				flipped[at] ^= 1 << ((at + one.n) % 8)
				if one.accept(string(flipped)) == nil {
					return fmt.Errorf("%s %d is accepted with bit %d of byte %d flipped", kind, one.n, (at+one.n)%8, at)
				}
				flips++
			}
		}
		if accepted == 0 {
			return fmt.Errorf("the export has no %s", kind)
		}
		fmt.Printf("%-12s %3d accepted, %6d with one bit flipped all refused\n", kind, accepted, flips)
	}
	return nil
}
