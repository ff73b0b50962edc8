{% test between(model, column_name, least, most=none) %}
select *
from {{ model }}
where {{ column_name }} < {{ least }} {% if most is not none %} or {{ column_name }} > {{ most }} {% endif %}
{% endtest %}
