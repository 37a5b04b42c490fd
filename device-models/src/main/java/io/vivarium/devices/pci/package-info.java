/**
 * A PCI bus with a host bridge and the virtio-pci transport.
 *
 * <pre>{@code
 * PciHostBridge pci = new PciHostBridge("pci", 0xC000_0000L, 0x2000_0000L);
 * ports.map(0xcf8, PciHostBridge.PORTS, pci.configPorts());
 * ports.mapWithin(0xcf9, 1, resetPort);
 * mmio.map(0xE000_0000L, PciHostBridge.ECAM_SIZE, pci.ecam());   // MCFG: bus 0 to 0
 * mmio.map(0xC000_0000L, 0x2000_0000L, pci.window());            // _CRS of PNP0A08
 * VirtioRng rng = new VirtioRng("rng0", memory, source);
 * VirtioPci rngPci = new VirtioPci("rng0.pci", rng, msiSink, doorbells);
 * pci.add(1, rngPci);                                            // slot 1; order fixes addresses
 * // save, restore, pause, resume: pci, rng and rngPci, each a Device, in any order
 * }</pre>
 *
 * <p>Base address registers are assigned when a function is added, so a guest without firmware
 * finds them ready; it may move them.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.pci;
