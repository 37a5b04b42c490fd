package io.vivarium.desktop.vm;

import io.vivarium.client.Sizes;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmSpec;
import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Sentences;
import io.vivarium.desktop.ui.Texts;
import java.util.function.ObjIntConsumer;
import javafx.beans.binding.Bindings;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;

/** Asks for a VM's memory and CPUs. */
final class SizeForm {
  private final Texts texts;
  private final long hostBytes;
  private final TextField memory = Nodes.id(new TextField(), "size-memory");
  private final TextField cpus = Nodes.id(new TextField(), "size-cpus");

  SizeForm(Texts texts, long hostBytes, VmSpec now) {
    this.texts = texts;
    this.hostBytes = hostBytes;
    memory.setText(Sizes.typed(now.memoryBytes()));
    cpus.setText(Integer.toString(now.cpus()));
  }

  /**
   * @param then takes the memory as typed, and the CPUs
   */
  void open(Dialogs dialogs, String title, ObjIntConsumer<String> then) {
    memory.selectAll();
    dialogs.form(
        title,
        Nodes.column(
            "fields",
            line("details.memory", memory),
            line("details.cpus", cpus),
            Nodes.paragraph(texts.get("size.text"), "muted", "small-text")),
        memory,
        Bindings.createStringBinding(this::problem, memory.textProperty(), cpus.textProperty()),
        texts.get("size.change"),
        () -> then.accept(memory.getText().strip(), Integer.parseInt(cpus.getText().strip())));
  }

  private Node line(String key, TextField field) {
    field.setPrefColumnCount(7);
    Label caption = Nodes.label(texts.get(key), "field-caption");
    caption.setLabelFor(field);
    return Nodes.row("", caption, Nodes.spacer(), field);
  }

  private String problem() {
    try {
      String wrong = SpecRules.memory(Sizes.parse(memory.getText()), hostBytes);
      if (wrong == null) {
        wrong = SpecRules.cpus(Integer.parseInt(cpus.getText().strip()));
      }
      return wrong == null ? "" : Sentences.of(wrong);
    } catch (NumberFormatException e) {
      return texts.get("size.cpus.number");
    } catch (VivariumException e) {
      return Sentences.of(e);
    }
  }
}
