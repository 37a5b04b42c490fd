package io.vivarium.desktop.timeline;

import io.vivarium.client.ForkRequest;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmInfo;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.NameRule;
import java.util.List;
import java.util.OptionalInt;
import javafx.beans.binding.Bindings;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import org.jspecify.annotations.Nullable;

/** Asks how many live copies, of what name, and whether they leave nothing behind. */
public final class ForkForm {
  private final Desk desk;
  private final Texts texts;

  public ForkForm(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
  }

  /**
   * @param of the snapshot to fork, or null for the VM as it is now
   */
  public void open(String vm, @Nullable SnapshotInfo of) {
    TextField count = Nodes.id(new TextField("1"), "fork-count");
    count.setPrefColumnCount(5);
    TextField name = Nodes.id(new TextField(), "fork-name");
    name.setPromptText(texts.get("fork.name.prompt", vm));
    CheckBox disposable = Nodes.id(new CheckBox(texts.get("wizard.disposable")), "fork-disposable");
    disposable.setSelected(true);
    count.selectAll();
    Label cost = Nodes.paragraph(cost(vm), "muted", "small-text");
    desk.dialogs()
        .form(
            of == null ? texts.get("fork.title", vm) : texts.get("fork.title.of", vm, of.name()),
            Nodes.column(
                "fields",
                Nodes.row("", field("fork.count", count), field("fork.name", name)),
                Nodes.column(
                    "field",
                    disposable,
                    Nodes.paragraph(texts.get("fork.disposable.text"), "muted", "small-text")),
                cost),
            count,
            Bindings.createStringBinding(
                () -> problem(count.getText(), name.getText()),
                count.textProperty(),
                name.textProperty()),
            texts.get("fork.yes"),
            () -> fork(vm, of, number(count.getText()).orElse(1), name, disposable.isSelected()));
  }

  private javafx.scene.Node field(String key, TextField control) {
    Label caption = Nodes.label(texts.get(key), "field-label");
    caption.setLabelFor(control);
    return Nodes.column("field", caption, control);
  }

  private String cost(String vm) {
    return desk.vms()
        .find(vm)
        .map(item -> texts.get("fork.cost", Format.bytes(item.info().spec().memoryBytes())))
        .orElse("");
  }

  private static OptionalInt number(String typed) {
    try {
      return OptionalInt.of(Integer.parseInt(typed.strip()));
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  private String problem(String count, String name) {
    OptionalInt wanted = number(count);
    if (wanted.isEmpty() || wanted.getAsInt() < 1 || wanted.getAsInt() > ForkRequest.MOST) {
      return texts.get("fork.count.range", ForkRequest.MOST);
    }
    if (name.isBlank()) {
      return "";
    }
    boolean one = wanted.getAsInt() == 1;
    return NameRule.problem(
        name.strip(), taken -> one && desk.vms().find(taken).isPresent(), texts);
  }

  private void fork(
      String vm, @Nullable SnapshotInfo of, int count, TextField name, boolean disposable) {
    String wanted = name.getText().isBlank() ? null : name.getText().strip();
    ForkRequest request = new ForkRequest(of == null ? null : of.id(), count, wanted, disposable);
    desk.jobs()
        .call(
            texts.get("job.fork", vm, count),
            "viv fork "
                + vm
                + (of == null ? "" : "@" + of.name())
                + (count == 1 ? "" : " --count " + count)
                + (wanted == null ? "" : " --name " + wanted)
                + (disposable ? " --rm" : ""),
            progress -> desk.vivarium().fork(vm, request, progress),
            this::forked);
  }

  private void forked(List<VmInfo> copies) {
    desk.vms().refresh();
    if (copies.size() == 1) {
      String name = copies.getFirst().name();
      desk.toasts()
          .show(
              texts.get("fork.done.one", name),
              texts.get("verb.open"),
              () -> desk.navigator().openVm(name));
    } else {
      desk.toasts()
          .show(
              texts.get("fork.done", copies.size()),
              texts.get("verb.show"),
              () -> desk.navigator().go(io.vivarium.desktop.ui.Place.RUNNING));
    }
  }
}
