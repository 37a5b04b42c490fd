/**
 * The help that an unmodified guest kernel needs on hosts whose KVM interprets guest ring 0.
 *
 * <p>Such a KVM has no VT-x or SVM beneath it: it runs guest ring 3 natively and interprets ring 0
 * with an emulator that lacks instructions. {@link HostProfile} finds out by asking KVM; on
 * ordinary hosts nothing else of this package is ever loaded. On the others each vCPU has an {@link
 * Assist}, which performs one missing instruction at a time: {@link Decoder} turns bytes into an
 * {@link Instruction}, one small class for each family of instructions acts on a {@link CpuState},
 * and {@link LinearMemory} reaches guest memory through {@link PageWalk}.
 */
@NullMarked
package io.vivarium.assist;

import org.jspecify.annotations.NullMarked;
