package scanners

import "slices"

// all is every scanner, in the order in which their sniff functions are asked:
// those with the surest marks first, text last.
var all = slices.Concat(vtdScanners, archiveScanners, mediaScanners, imageScanners, binaryScanners, mailScanners, textScanners)

// vtdScanners know this project's archives, and legacy ones.
var vtdScanners = []*Scanner{vtdScanner, legacyScanner}

// archiveScanners know archives, and compressed files.
var archiveScanners = []*Scanner{tarScanner, zipScanner, arScanner, cpioScanner, gzipScanner}

// mediaScanners know sound, pictures, films and documents.
var mediaScanners = []*Scanner{pngScanner, jpegScanner, flacScanner, oggScanner, matroskaScanner, pdfScanner, riffScanner, mp4Scanner, mp3Scanner}

// imageScanners know images of disks, and data bases.
var imageScanners = []*Scanner{diskScanner, extScanner, sqliteScanner}

// binaryScanners know programs.
var binaryScanners = []*Scanner{elfScanner, peScanner, gitPackScanner}

// mailScanners know mail.
var mailScanners = []*Scanner{mboxScanner, mailScanner}

// textScanners know sources and other text.
var textScanners = []*Scanner{sqlScanner, sourceScanner, linesScanner, jsonScanner}
