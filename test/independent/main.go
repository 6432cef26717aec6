// Command independent reads what a run has exported and judges it with nothing of ours: signed notes and RFC 6962 proofs by Go's own
// golang.org/x/mod (the code of its checksum database), cosignatures, proof files and proofs once more by transparency-dev's packages.
//
// Everything has to be accepted as it is, and refused with any one bit flipped.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// An Export is what `npm run independent` takes from a run's audit.jsonl.
type Export struct {
	// Keys as transparency logs write them: name+id+key.
	LogKey       string   `json:"logKey"`
	CosignerKeys []string `json:"cosignerKeys"`
	// Signed notes, the smallest first.
	Checkpoints []string `json:"checkpoints"`
	Inclusion   []struct {
		// The record's body, which is the leaf.
		Body []byte `json:"body"`
		// c2sp.org/tlog-proof
		Proof string `json:"proof"`
	} `json:"inclusion"`
	Consistency []struct {
		// The earlier checkpoint, a signed note.
		From string `json:"from"`
		// The body of c2sp.org/tlog-witness add-checkpoint.
		Proof string `json:"proof"`
	} `json:"consistency"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "independent:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one argument is needed, the export")
	}
	bytes, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var export Export
	if err := json.Unmarshal(bytes, &export); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	log, err := newLog(export.LogKey, export.CosignerKeys)
	if err != nil {
		return err
	}
	checks := make([]check, 0)
	for n, note := range export.Checkpoints {
		checks = append(checks, check{"checkpoint", n, note, func(text string) error {
			_, err := log.open(text)
			return err
		}})
	}
	for n, one := range export.Inclusion {
		checks = append(checks, check{"inclusion", n, one.Proof, func(text string) error {
			return log.includes(one.Body, text)
		}}, check{"record", n, string(one.Body), func(text string) error {
			return log.includes([]byte(text), one.Proof)
		}})
	}
	for n, one := range export.Consistency {
		checks = append(checks, check{"consistency", n, one.Proof, func(text string) error {
			return log.extends(one.From, text)
		}})
	}
	return report(checks)
}
