// Package families puts data blocks into the order in which an archive stores
// them: contents that resemble one another side by side, whatever file and
// snapshot they are of. Who makes an archive and who packs one anew go by the
// same order, so that the bytes are the same.
//
//	o := families.New(true, nameOf)
//	o.File(0)
//	o.Block(id, length, sketch, true, isNew)
//	ids := o.Order()
//
// # Map
//
//	order.go     Orderer: files, units, their order
//	families.go  which unit resembles which
package families
